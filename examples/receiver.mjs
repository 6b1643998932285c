import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.SECRET);

createServer((request, response) => {
  text(request)
    .then((body) => {
      console.log(request.headers["webhook-id"], webhook.verify(body, request.headers));
      return response.writeHead(204).end();
    })
    .catch((error) => response.writeHead(400).end(error.message));
}).listen(9000, "127.0.0.1");
