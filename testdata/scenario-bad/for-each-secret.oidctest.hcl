idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "first" {}
run "signs_in" {
  for_each = toset([run.first.tokens.access_token])
}
