-- Publishes events of 1 KiB to the applications in turn, for `wrk`. Arguments: a token, and the number of applications.
local filler = string.rep("x", 900)
local count = 0
local applications, headers

function init(arguments)
  applications = tonumber(arguments[2])
  headers = { ["content-type"] = "application/json", authorization = "Bearer " .. arguments[1] }
end

function request()
  count = count + 1
  local path = "/api/v1/app/app-" .. (count % applications) .. "/msg?with_content=false"
  local body = '{"eventType":"bench.sent","payload":{"sequence":' .. count .. ',"filler":"' .. filler .. '"}}'
  return wrk.format("POST", path, headers, body)
end
