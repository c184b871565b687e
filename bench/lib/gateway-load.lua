-- For wrk: asks the paths of its arguments in turn, the first argument being the value of the header Authorization; ends with one line of JSON. Times in microseconds.
local asked = {}
local at = 0

function init(args)
  for index = 2, #args do
    asked[index - 1] = wrk.format("GET", args[index], { Host = "gateway", Authorization = args[1] })
  end
end

function request()
  at = at % #asked + 1
  return asked[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"us":%d,"p50":%d,"p99":%d,"max":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status
  ))
end
