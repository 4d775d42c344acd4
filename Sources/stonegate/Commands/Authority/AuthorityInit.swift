import ArgumentParser
import GateAuthority
import GateProtocol
import GateTerminal

struct AuthorityInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes an authority: its keys and its database.",
        discussion: """
            Prints the line for the [license] section of the gateways that shall trust it. Keep a copy of the directory where nobody else \
            can read it: whoever has keys.json can issue licenses, and without it nobody can.
            """)

    @OptionGroup var options: AuthorityOptions

    func run() throws {
        let keys = try options.words { () throws(AuthorityError) -> [String] in
            var random = SystemRandomNumberGenerator()
            let authority = try Authority.create(at: options.path, now: AuthorityOptions.now, using: &random)
            defer { authority.close() }
            return try authority.trustedKeys()
        }
        TrustedKeyLines.print(keys, json: options.json)
        if !options.json {
            Console.complain(
                "The authority is in \(SafeText.line(options.path)). Start it with: stonegate authority serve")
        }
    }
}

struct AuthorityKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Prints the authority's public keys, as the line for [license].")

    @OptionGroup var options: AuthorityOptions

    func run() throws {
        TrustedKeyLines.print(
            try options.with { authority throws(AuthorityError) in try authority.trustedKeys() }, json: options.json)
    }
}

struct AuthorityRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Goes over to the next signing key, at once.",
        discussion: """
            Gateways learn it with their next heartbeat, by a message that the old key has signed, and do not accept the old key from \
            then on. New gateways need the line that is printed. Gateways that have not asked for eight rotations need it as well.
            """)

    @OptionGroup var options: AuthorityOptions

    func run() throws {
        let keys = try options.with { authority throws(AuthorityError) in
            var random = SystemRandomNumberGenerator()
            return try authority.rotate(now: AuthorityOptions.now, using: &random)
        }
        TrustedKeyLines.print(keys, json: options.json)
    }
}

enum TrustedKeyLines {
    static func print(_ keys: [String], json: Bool) {
        if json {
            Console.print(json: (["trusted_keys": .array(keys.map { .string($0) })] as JSONValue).bytes)
        } else {
            Console.print("trusted_keys = [\(keys.map { "\"\($0)\"" }.joined(separator: ", "))]")
        }
    }
}
