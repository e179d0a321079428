// Signs users in on Okta's widget with Playwright, as one would write it for tests: one browser, a context for each user,
// the page's own fields waited for, and the callback caught on its way. The first argument is JSON: the path of the
// browser and the redirect URI. Each line on standard input is JSON: a list of sign-ins to do at once, each of url,
// username and password. Each is answered by a line: how long they took until the last callback, in milliseconds, and the
// callbacks. It ends when its standard input does.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { executablePath, redirectURI } = JSON.parse(process.argv[2]);
const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
console.log(JSON.stringify({ version: browser.version() }));

async function signIn({ url, username, password }) {
  const context = await browser.newContext();
  context.setDefaultTimeout(180_000); // a machine may be busy with many users
  const page = await context.newPage();
  // A route does not see where a redirect leads in every browser. The event does, and is cheaper: nothing is intercepted.
  const callback = page.waitForRequest((r) => r.url().startsWith(redirectURI));
  await page.goto(url, { waitUntil: "commit" });
  await page.fill('input[name="identifier"]', username);
  await page.click('[type="submit"]');
  await page.fill('input[name="credentials.passcode"]', password);
  await page.click('[type="submit"]');
  return { context, callback: (await callback).url() };
}

for await (const line of createInterface({ input: process.stdin })) {
  const begun = performance.now();
  const all = await Promise.all(JSON.parse(line).map(signIn));
  const took = performance.now() - begun;
  await Promise.all(all.map((s) => s.context.close())); // what comes after the callback is not counted
  console.log(JSON.stringify({ took, callbacks: all.map((s) => s.callback) }));
}
await browser.close();
