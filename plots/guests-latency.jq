# SPDX-License-Identifier: GPL-2.0-only
# Round trips of real guests: median, 99th and 99.9th percentile in microseconds, one row a server with its settings.
include "guest-stacks";
include "colours";

def number: if . == null then "-" else . / 1000 end;

map(select(.queues == 1 and .guests == 1 and .p50 != null)) | panels(.)
| map("# panel \(.title)\nplace p50 p99 p999 colour name\n" + ([.bars[0] | to_entries[] | .key as $y | .value
    | "\($y) \(.p50 | number) \(.p99 | number) \(.p999 | number) \(server_colours[.server]) \"\(.name | words)\""] | join("\n")))
| join("\n\n\n")
