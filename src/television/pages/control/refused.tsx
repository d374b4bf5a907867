import type { Control } from './control.js'

/** Why the page is not served, and what to do. */
export function Refused({ control }: { readonly control: Control }) {
  const refusal = control.live.refusal.value
  if (refusal?.reason === 'token') return <TokenForm control={control} />
  return (
    <main class="refused">
      <section class="panel">
        <h1>{refusal?.reason === 'remote' ? 'Only on the machine of the television' : 'Not served here'}</h1>
        <p>{refusal?.detail}</p>
        {refusal?.reason === 'remote' && (
          <dl class="advice">
            <div>
              <dt>On the machine itself</dt>
              <dd>
                Open{' '}
                <code>
                  http://localhost:{location.port || '80'}
                  {location.pathname}
                </code>{' '}
                there.
              </dd>
            </div>
            <div>
              <dt>From other machines</dt>
              <dd>
                Start the television with <code>--control-host 0.0.0.0 --control-token</code> and a secret, and open the
                address that it prints.
              </dd>
            </div>
          </dl>
        )}
      </section>
    </main>
  )
}

function TokenForm({ control }: { readonly control: Control }) {
  const isWrong = control.isTokenWrong.value
  const enter = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const token = new FormData(event.currentTarget).get('token')
    if (typeof token === 'string' && token !== '') control.enter(token)
  }
  return (
    <main class="refused">
      <form class="panel" onSubmit={enter}>
        <h1>Token required</h1>
        <p>
          The television was started with a token. It is at the end of the address that the television prints, after{' '}
          <code>#token=</code>.
        </p>
        <label>
          Token
          <input
            name="token"
            type="password"
            autocomplete="off"
            required
            aria-invalid={isWrong}
            aria-describedby={isWrong ? 'token-error' : undefined}
          />
        </label>
        {isWrong && (
          <p id="token-error" class="error" role="alert">
            This token is wrong.
          </p>
        )}
        <button type="submit" class="primary">
          Open
        </button>
      </form>
    </main>
  )
}
