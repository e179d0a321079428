issuer = "https://login.example.com"
client "web" {}
user "alice" {}
run "signs_in" {
  faults = ["invalid-aud"]
}
