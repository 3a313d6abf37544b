// Where Sidegraph deliberately answers otherwise than the recorded executor, case by case, with the reason. A case that
// is listed must differ: when it comes to agree, its line goes.

export const DIFFERENCES: Readonly<Record<string, string>> = {
  'sc-051':
    "the failing router's own body and status pass, where the executor lost the body and wrote its own",
  'sc-067':
    'bodies pass byte for byte: the executor rewrote < > & as escapes, which is the same JSON',
  'sc-069':
    'a browser may send Seldon-Puid and Seldon-Routing too, so that a page can give feedback to a router',
  'sc-099':
    'a request without a content type goes on without one, where the executor sent an empty header',
  'sc-107': "the content type of a 201 is the unit's own, where the executor wrote a guessed one",
  'sc-133':
    "the flag --full_health_checks is the executor's own; /ready dials every unit each time",
  'sc-135':
    "the flag --full_health_checks is the executor's own; /ready dials every unit each time",
  'sg-035': 'the request id is told to TensorFlow clients too',
};
