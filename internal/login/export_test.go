package login

// NewAttempt is an attempt without a listener.
var NewAttempt = newAttempt
