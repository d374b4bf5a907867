const DEBIANS = '/usr/sbin/nginx'

/** Which nginx the tests run: the program that NGINX names, else Debian's. */
export function nginxPath(): string {
  const { NGINX } = process.env
  return NGINX === undefined || NGINX === '' ? DEBIANS : NGINX
}
