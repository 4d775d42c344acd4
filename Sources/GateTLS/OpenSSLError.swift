import CTLS

/// What OpenSSL says of its last failure on this thread.
enum OpenSSLError {
    /// The first reason in its queue, which is emptied.
    static func take() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return "no reason given" }
        return String(cString: reason)
    }
}
