package store

// IsTrue tells whether a value is true that a query answered beside what ent knows: a bool on Postgres, a number on SQLite.
func IsTrue(value any) bool {
	switch value := value.(type) {
	case bool:
		return value
	case int64:
		return value != 0
	default:
		return false
	}
}
