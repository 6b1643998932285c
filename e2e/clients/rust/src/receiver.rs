//! A webhook receiver on a loopback port: hands over each request and answers 204.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

/// A request as it arrived; header names are in lower case.
pub struct Delivery {
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

pub struct Inbox {
    pub url: String,
    deliveries: Receiver<Delivery>,
}

impl Inbox {
    pub fn open() -> Inbox {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let (sender, deliveries) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                thread::spawn(move || serve(stream, &sender));
            }
        });
        Inbox { url, deliveries }
    }

    /// The next delivery. Panics when none arrives within a minute.
    pub fn next(&self) -> Delivery {
        self.deliveries
            .recv_timeout(Duration::from_secs(60))
            .expect("a delivery")
    }
}

/// Reads the requests of one connection until the sender closes it.
fn serve(stream: TcpStream, sender: &Sender<Delivery>) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return Some(());
        }
        let headers = read_headers(&mut reader)?;
        let length = headers.get("content-length")?.parse().ok()?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        writer.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok()?;
        sender.send(Delivery { headers, body }).ok()?;
    }
}

fn read_headers(reader: &mut BufReader<TcpStream>) -> Option<HashMap<String, String>> {
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Some(headers);
        };
        headers.insert(name.to_lowercase(), value.trim().to_string());
    }
}
