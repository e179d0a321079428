idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  expect_error {
    code = "exchnge.invalid_grant"
  }
}
