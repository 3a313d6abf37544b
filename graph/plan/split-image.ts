// A container image as Seldon's metrics label it: `model_image` and `model_version`. Envoy labels the calls that it makes, the
// filter those that it makes itself, and both have to come out as one series.

/** `registry:5000/a/b:1.0` is image `registry:5000/a/b` of version `1.0`; a digest counts as the version. */
export function splitImage(image: string): { image: string; version: string } {
  const digest = image.indexOf('@');
  if (digest >= 0) return { image: image.slice(0, digest), version: image.slice(digest + 1) };
  const colon = image.lastIndexOf(':');
  if (colon <= image.lastIndexOf('/')) return { image, version: '' };
  return { image: image.slice(0, colon), version: image.slice(colon + 1) };
}
