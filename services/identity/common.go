package identity

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/nbutton23/zxcvbn-go/data"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// commonPasswords are the passwords that are guessed first: the frequency list of zxcvbn, some 7,000 in lower case.
var commonPasswords = sync.OnceValues(func() (map[string]bool, error) {
	raw, err := data.Asset("data/Passwords.json")
	if err != nil {
		return nil, err
	}
	var list struct{ List []string }
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	common := make(map[string]bool, len(list.List))
	for _, password := range list.List {
		common[password] = true
	}
	return common, nil
})

// checkPassword refuses passwords that are guessed first. Their length is the schema's matter.
func checkPassword(password string) error {
	common, err := commonPasswords()
	if err != nil {
		return err
	}
	if common[strings.ToLower(password)] {
		return rpc.Fail(errorsv1.Reason_REASON_PASSWORD_TOO_COMMON, "this password is among the commonest and would be guessed: choose another, such as four words that do not belong together")
	}
	return nil
}
