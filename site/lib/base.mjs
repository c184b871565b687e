/** Where the site will lie on its server: `SITE_BASE=/tare/ npm run site`. */
export const BASE = `/${(process.env.SITE_BASE ?? '').replaceAll(/^\/+|\/+$/g, '')}/`.replace('//', '/');
