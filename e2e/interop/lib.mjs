// What the scripts of this folder share.
import { createServer } from 'node:http'

/** The settings that the test passes as the only argument. */
export const settings = JSON.parse(process.argv[2] ?? '{}')

/** Tells the test what it waits for, as one line of JSON. */
export function say(value) {
  process.stdout.write(JSON.stringify(value) + '\n')
}

/**
 * Listens on a free loopback port, then asks make(origin) for the request handler, and says the origin. A provider
 * needs its port before it exists, for its issuer has it.
 */
export function serve(make) {
  let handler
  const server = createServer((request, response) => handler(request, response))
  server.listen(0, '127.0.0.1', async () => {
    const origin = `http://127.0.0.1:${server.address().port}`
    handler = await make(origin)
    say({ origin })
  })
  // The test's end of stdin closes with the test, however it ends.
  process.stdin.on('end', () => process.exit(0)).resume()
}

/** Follows redirects from url, as a browser does, until one leads to redirectURI, and returns that as a URL. */
export async function browse(url, redirectURI) {
  for (let hops = 0; hops < 10; hops++) {
    const response = await fetch(url, { redirect: 'manual' })
    const location = response.headers.get('location')
    if (!location) {
      throw new Error(`${url}: want a redirect, got ${response.status}: ${await response.text()}`)
    }
    url = new URL(location, url)
    if (url.href.startsWith(redirectURI)) {
      return url
    }
  }
  throw new Error('more than ten redirects')
}
