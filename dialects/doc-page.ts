// The page that shows what a graph answers, whatever its protocol, without loading anything from elsewhere. In: nothing; out: HTML.

/** Reads `seldon.json` beside it and lists the operations; a request can be sent from the page. */
export const DOC_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Inference graph API</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
  section { border: 1px solid #ddd; border-radius: 6px; margin: 1rem 0; padding: .5rem 1rem }
  b { display: inline-block; min-width: 3.5rem; color: #06c } code, textarea, pre { font: 13px/1.45 ui-monospace, monospace }
  textarea { width: 100%; box-sizing: border-box } pre { background: #f6f6f6; padding: .75rem; overflow: auto; max-height: 30rem }
</style>
<h1 id="title">Inference graph API</h1>
<p>The whole description: <a href="seldon.json">seldon.json</a> (OpenAPI 3).</p>
<div id="operations"></div>
<script>
const base = location.pathname.replace(/\\/(api\\/v[^/]+\\/doc|v2\\/docs)\\/.*$/, '');
const sample = { predictions: '{"data":{"ndarray":[[1,2,3]]}}', feedback: '{"reward":1}',
  infer: '{"inputs":[{"name":"input-0","datatype":"FP64","shape":[1,3],"data":[1,2,3]}]}' };
const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text ?? '' });
fetch('seldon.json').then((response) => response.json()).then((api) => {
  document.getElementById('title').textContent = document.title = api.info.title;
  for (const [path, operations] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(operations)) show(path, method, operation);
});
function show(path, method, operation) {
  const section = make('section');
  const head = make('p');
  head.append(make('b', method.toUpperCase()), make('code', path), make('span', ' – ' + operation.summary));
  const body = make('textarea');
  body.value = sample[path.split('/').pop()] ?? '';
  const unit = Object.assign(make('select'), { hidden: !operation.parameters });
  for (const name of operation.parameters?.[0].schema.enum ?? []) unit.append(make('option', name));
  const send = make('button', 'send');
  const shown = Object.assign(make('pre'), { hidden: true });
  send.onclick = async () => {
    const init = method === 'post' ? { method, body: body.value, headers: { 'content-type': 'application/json' } } : { method };
    const response = await fetch(base + path.replace(/\\{[^}]+\\}/, encodeURIComponent(unit.value)), init);
    shown.hidden = false;
    shown.textContent = response.status + ' ' + response.statusText + '\\n' + (await response.text());
  };
  section.append(head, unit, ...(method === 'post' ? [body] : []), send, shown);
  document.getElementById('operations').append(section);
}
</script>
</html>
`;
