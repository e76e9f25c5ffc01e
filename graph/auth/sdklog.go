package auth

import azlog "github.com/Azure/azure-sdk-for-go/sdk/azcore/log"

// LogVariable is set to "all" by whoever wants to see what the Azure SDK does to sign
// in. The SDK then writes its log to standard error.
const LogVariable = "AZURE_SDK_GO_LOGGING"

// TakeSDKLog gives what the Azure SDK logs to say, of all that it does in this process,
// in place of standard error. The SDK leaves headers and parameters with secrets out.
func TakeSDKLog(say func(text string)) {
	azlog.SetListener(func(_ azlog.Event, text string) { say(text) })
}
