// Package cause finds the innermost error, for messages of a line: it says in a word what the errors around it repeat.
package cause

import "errors"

// Of answers the innermost error; of several joined ones, that of the first.
func Of(err error) error {
	for {
		if many, ok := err.(interface{ Unwrap() []error }); ok && len(many.Unwrap()) > 0 {
			err = many.Unwrap()[0]
			continue
		}
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
