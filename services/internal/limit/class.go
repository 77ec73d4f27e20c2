package limit

import optionsv1 "github.com/pulse-social/pulse/gen/pulse/options/v1"

// A Class is what a limit is for.
type Class int

// The classes: those of the schema, and one for those who try an account's password, whoever they are.
const (
	Read Class = iota
	Write
	SignIn
	Expensive
	Account

	classes
)

// ClassOf answers the class that the schema says.
func ClassOf(c optionsv1.RateClass) Class {
	switch c {
	case optionsv1.RateClass_RATE_CLASS_READ:
		return Read
	case optionsv1.RateClass_RATE_CLASS_WRITE:
		return Write
	case optionsv1.RateClass_RATE_CLASS_SIGN_IN:
		return SignIn
	default: // The server does not start with an RPC that has none.
		return Expensive
	}
}

// String answers the class's name in metrics.
func (c Class) String() string {
	return [classes]string{"read", "write", "sign_in", "expensive", "account"}[c]
}
