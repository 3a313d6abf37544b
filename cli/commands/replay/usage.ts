// The help text of `sidegraph replay`: every flag that parse.ts reads is described here and nowhere else.

export const REPLAY_USAGE = `Usage: sidegraph replay [PUID] [options] [-- RUN-OPTIONS]

Sends captured requests again, and shows what came out otherwise, unit by unit: which units were called, what routers
chose, status, and where bodies differ. They come from a 'sidegraph run --capture', or from a file that tap --capture
wrote; without PUID and --last it is the newest one, of a file all. They go to that run, or to another graph.
What is sent is a request like any other: it is counted, and feedback teaches routers again. Credentials are not sent.
Ends with 0 if all is the same, 3 if something differs, and 1 if a request could not be sent.

  --last N               the newest N captured requests
  --file FILE            captured requests from a file, one JSON object a line; - for standard input
  --against FILE         start this graph on free ports and send them there; what follows -- goes to its 'sidegraph run'
  --tolerance T          numbers in JSON are the same up to T, or up to that part of the larger one (default 0)
  --url URL              admin port of the 'sidegraph run' (default http://127.0.0.1:9901)
  -o FORMAT              text (default) or json: one line for each request

Examples:
  sidegraph replay
  sidegraph replay --last 20 --against graph.yaml -- --unit model=http://127.0.0.1:9000
  sidegraph replay --file captures.jsonl --tolerance 1e-6 -o json
`;
