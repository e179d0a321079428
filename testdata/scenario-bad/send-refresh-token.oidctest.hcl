idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "first" {}
run "second" {
  send {
    refresh_token = run.first.tokens.refresh_token
  }
}
