# The same run for several users. each.key is the name of an element, each.value what it says; --filter takes their
# names, too: users["bob"].
locals {
  people = {
    alice = { password = "correct horse battery staple", group = "admins" }
    bob   = { password = "a long password for bob", group = "staff" }
    carol = { password = "a long password for carol", group = "guests" }
  }
}

idp {
  user "alice" {
    password = local.people.alice.password
    groups   = [local.people.alice.group]
  }
  user "bob" {
    password = local.people.bob.password
    groups   = [local.people.bob.group]
  }
  user "carol" {
    password = local.people.carol.password
    groups   = [local.people.carol.group]
  }
}

client "web" {
  scopes = ["openid", "groups"]
}

run "users" {
  for_each = local.people
  user     = each.key

  assert "group" {
    condition     = result.id_token.groups == [each.value.group]
    error_message = "${each.key} is in ${jsonencode(result.id_token.groups)}"
  }
}

run "scopes" {
  description = "a set will do where there is nothing to say of its elements"
  for_each    = toset(["openid", "openid groups"])
  user        = "alice"
  scopes      = split(" ", each.key)

  assert "granted" {
    condition = toset(result.tokens.scopes) == toset(split(" ", each.key))
  }
}

run "different_people" {
  sign_in = "none"
  assert "subjects" {
    condition = length(distinct([for name, r in run.users : r.id_token.sub])) == 3
  }
}
