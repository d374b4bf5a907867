const KEY = 'dvbcss-control-token'

/** The token of the address, which is then removed from the address bar and the history, or the one that was used before in this tab. */
export function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return sessionStorage.getItem(KEY) ?? undefined
  history.replaceState(null, '', location.pathname + location.search)
  keepToken(token)
  return token
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token)
}

/** The television does not accept it. */
export function forgetToken(): void {
  sessionStorage.removeItem(KEY)
}
