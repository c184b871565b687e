/** What `tare registry serve --store` does otherwise than with a folder of its own: by row, the first difference. The store keeps images and indexes alone. */
export const STORE_DIFFERS: Readonly<Record<string, string>> = {
  'PUT of oras, by digest and by tag': '1: status 400',
  'PUT of custom, by digest and by tag': '1: status 400',
};
