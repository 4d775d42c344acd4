/// Whether a variable of a server's environment is one to keep from others: by its name, or because its value has the form of a credential.
enum SecretLook {
    static func isSecret(name: String, value: String) -> Bool {
        guard !value.isEmpty, !isSwitch(value) else { return false }
        return isNamedSo(name, value) || hasForm(value)
    }

    // MARK: By name

    private static let words: Set<String> = [
        "KEY", "KEYS", "APIKEY", "TOKEN", "TOKENS", "SECRET", "SECRETS", "PASSWORD", "PASSWORDS", "PASSWD",
        "PASSPHRASE",
        "PASS", "SSHPASS", "PWD", "CREDENTIAL", "CREDENTIALS", "CREDS", "AUTH", "AUTHORIZATION", "PRIVATE", "BEARER",
        "COOKIE", "PAT", "JWT", "DSN",
    ]
    /// What programs write together with other words: `PGPASSWORD`, `GITHUBTOKEN`.
    private static let endings = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "APIKEY"]
    /// As the last word: the value says where the secret is.
    private static let places: Set<String> = ["FILE", "PATH", "DIR", "FOLDER", "SOCK", "SOCKET"]

    private static func isNamedSo(_ name: String, _ value: String) -> Bool {
        let parts = parts(of: name)
        guard let last = parts.last, !places.contains(last) else { return false }
        // The working directory, and how many words a model may write.
        if parts == ["PWD"] || parts == ["OLDPWD"] { return false }
        if last == "TOKENS", value.utf8.allSatisfy(\.isDigit) { return false }
        return parts.contains { part in words.contains(part) || endings.contains { part.hasSuffix($0) } }
    }

    /// `DB_PASS`, `db.pass` and `dbPass` are DB and PASS.
    private static func parts(of name: String) -> [String] {
        var parts: [[UInt8]] = []
        var part: [UInt8] = []
        var before: UInt8 = 0
        for byte in name.utf8 {
            let isHump = (0x61...0x7A).contains(before) && (0x41...0x5A).contains(byte)
            if isHump || !(byte.isLetter || byte.isDigit) {
                if !part.isEmpty { parts.append(part) }
                part = []
            }
            if byte.isLetter || byte.isDigit { part.append(byte.uppercased) }
            before = byte
        }
        if !part.isEmpty { parts.append(part) }
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: By value

    private static let beginnings = [
        "bearer ", "basic ", "-----begin", "sk-", "sk_live_", "rk_live_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
        "github_pat_", "glpat-", "xoxb-", "xoxp-", "xapp-", "akia", "sg_admin_", "sg_agent_",
    ]

    private static func hasForm(_ value: String) -> Bool {
        let bytes = Array(value.utf8)[...]
        if beginnings.contains(where: { bytes.dropping(prefix: $0) != nil }) { return true }
        return isJWT(bytes) || hasUserInformation(bytes)
    }

    /// Three parts, the first of which is a JSON object in base 64.
    private static func isJWT(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.starts(with: "eyJ".utf8) && bytes.count { $0 == UInt8(ascii: ".") } == 2
    }

    /// `postgres://user:password@host/db`.
    private static func hasUserInformation(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else {
            return false
        }
        let authority = bytes.dropFirst(colon - bytes.startIndex + 3).prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return authority[..<at].contains(UInt8(ascii: ":"))
    }

    private static let switches: Set<String> = ["TRUE", "FALSE", "YES", "NO", "ON", "OFF", "NONE", "0", "1"]

    private static func isSwitch(_ value: String) -> Bool {
        value.utf8.count <= 5 && switches.contains(String(decoding: value.utf8.map(\.uppercased), as: UTF8.self))
    }
}
