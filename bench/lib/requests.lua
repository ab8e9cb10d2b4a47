-- Sends the requests of a file, one after the other and over again, and prints what came of them as one line of JSON.
-- A line is METHOD, path, Authorization, Cookie and body, with tabs between them. "@N@" in a body becomes a number that no
-- other request has.

local prepared, bodies, position, unique = {}, {}, 0, 0

function init(args)
  local run = args[2]
  for line in io.lines(args[1]) do
    local method, path, authorization, cookie, body = line:match("([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)")
    local headers = { ["Accept-Encoding"] = "identity" }
    if authorization ~= "" then headers["Authorization"] = authorization end
    if cookie ~= "" then headers["Cookie"] = cookie end
    if body ~= "" then headers["Content-Type"] = "application/json" end
    if body:find("@N@", 1, true) then
      bodies[#bodies + 1] = { method, path, headers, body, run }
    else
      prepared[#prepared + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
    end
  end
end

function request()
  position = position + 1
  if #bodies == 0 then return prepared[position % #prepared + 1] end
  local one = bodies[position % #bodies + 1]
  local body = one[4]:gsub("@N@", function()
    unique = unique + 1
    return one[5] .. unique
  end)
  return wrk.format(one[1], one[2], one[3], body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%f,"p50":%f,"p90":%f,"p99":%f,"max":%f,"bytes":%d,"refused":%d,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
