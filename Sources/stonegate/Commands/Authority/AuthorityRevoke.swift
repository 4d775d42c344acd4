import ArgumentParser
import GateAuthority
import GateCore
import GateLicense
import GateProtocol
import GateTerminal

struct AuthorityRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Ends a license.",
        discussion: """
            Its gateways learn it with their next heartbeat, and nothing changes for them before the time given. Then they go on as Free: \
            what runs is finished, nothing is stopped or deleted. It can be undone: stonegate authority restore
            """)

    @OptionGroup var license: LicenseArgument

    @Option(name: .customLong("effective-in"), help: "After how long: 72h, 7d, 30m, or 0 for at once; 90d at most.")
    var effectiveIn: String = "72h"

    @Option(help: "A word for why, which its gateways show: letters, digits, '-' and '_'.")
    var reason: String = "REVOKED"

    @OptionGroup var options: AuthorityOptions

    func validate() throws {
        try ReasonCode.check(reason)
        guard let seconds, seconds <= 90 * 86_400 else {
            throw ValidationError("--effective-in is a time like 72h, 7d or 30m, or 0; 90d at most.")
        }
    }

    private var seconds: Int? { effectiveIn == "0" ? 0 : Lifetime(argument: effectiveIn)?.seconds }

    func run() throws {
        let reference = try license.reference()
        let now = AuthorityOptions.now
        let revoked = try options.with { authority throws(AuthorityError) in
            var random = SystemRandomNumberGenerator()
            return try authority.revoke(
                reference, reasonCode: reason, effectiveAt: now + (seconds ?? 0), now: now, using: &random)
        }
        if options.json { return Console.print(json: revoked.shown.bytes) }
        let when = revoked.order.map { AuthorityOptions.text($0.effectiveAt) } ?? ""
        Console.print(
            "License \(revoked.id) ends on \(when) UTC. To undo it: stonegate authority restore \(revoked.id)")
    }
}

struct AuthorityRestore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes a revoked license good again.",
        discussion: "Its gateways learn it with their next heartbeat.")

    @OptionGroup var license: LicenseArgument

    @Option(help: "A word for why: letters, digits, '-' and '_'.")
    var reason: String = "RESTORED"

    @OptionGroup var options: AuthorityOptions

    func validate() throws { try ReasonCode.check(reason) }

    func run() throws {
        let reference = try license.reference()
        let restored = try options.with { authority throws(AuthorityError) in
            var random = SystemRandomNumberGenerator()
            return try authority.restore(reference, reasonCode: reason, now: AuthorityOptions.now, using: &random)
        }
        if options.json { return Console.print(json: restored.shown.bytes) }
        Console.print("License \(restored.id) is good again.")
    }
}

struct AuthorityRelease: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Takes the seat of a gateway that is lost and cannot give it back itself.",
        discussion: "What that gateway was granted before goes on until its end, a month at most and the days of grace."
    )

    @OptionGroup var license: LicenseArgument

    @Argument(help: "The gateway's instance id, as `stonegate authority list --json` shows it.")
    var instance: String

    @OptionGroup var options: AuthorityOptions

    func run() throws {
        let reference = try license.reference()
        let released = try options.with { authority throws(AuthorityError) in
            try authority.release(reference, instance: instance, now: AuthorityOptions.now)
        }
        if options.json { return Console.print(json: released.shown.bytes) }
        Console.print("License \(released.id) has a seat more.")
    }
}

enum ReasonCode {
    static func check(_ text: String) throws {
        let isGood = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isGood, (1...64).contains(text.utf8.count) else {
            throw ValidationError("--reason is one word of letters, digits, '-' and '_', 64 at most.")
        }
    }
}
