idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  send {
      code = "x"
    }
    send {
      code = "y"
    }
    expect_error {
      step = "exchange"
    }
}
