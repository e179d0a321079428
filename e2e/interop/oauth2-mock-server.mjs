// npm oauth2-mock-server as it comes, with one RS256 or ES256 key: a peer for the benchmarks.
import { OAuth2Server } from 'oauth2-mock-server'
import { say, settings } from './lib.mjs'

const server = new OAuth2Server()
await server.issuer.keys.generate(settings.alg)
await server.start(0, '127.0.0.1')
say({ origin: server.issuer.url })
process.stdin.on('end', () => process.exit(0)).resume()
