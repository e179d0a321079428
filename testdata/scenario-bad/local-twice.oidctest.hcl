locals {
  a = 1
}
locals {
  a = 2
}
idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {}
