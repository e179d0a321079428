idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "first" {
  refresh_token = run.second.tokens.refresh_token
}
run "second" {}
