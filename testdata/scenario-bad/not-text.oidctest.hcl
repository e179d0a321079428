description = "ÿþ"
