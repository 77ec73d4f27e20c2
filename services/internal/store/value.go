package store

import "fmt"

// IsTrue tells whether a value is true that a query answered beside what ent knows: a bool on Postgres, a number on SQLite, or nothing.
// It panics for any other, so that no answer to who may see what is taken for a no.
func IsTrue(value any) bool {
	switch value := value.(type) {
	case bool:
		return value
	case int64:
		return value != 0
	case nil:
		return false
	default:
		panic(fmt.Sprintf("a %T is neither true nor false", value))
	}
}
