/** Why a command was not executed, where it was given. */
export function CommandError({ error }: { readonly error: string | undefined }) {
  return (
    <p class="error" role="alert">
      {error}
    </p>
  )
}
