package flow

// maxBody is how much of an answer is read. No answer of these protocols comes near it.
const maxBody = 1 << 20
