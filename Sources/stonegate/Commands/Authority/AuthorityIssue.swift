import ArgumentParser
import GateAuthority
import GateCore
import GateLicense
import GateProtocol
import GateTerminal

struct AuthorityIssue: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "Issues a license and prints its key, this once.",
        discussion: """
            The key is all that standard output gets, so that it can go into a file: stonegate authority issue --tier pro --seats 3 > key

            A seat is one gateway. The authority keeps a digest of the key, so that a lost key cannot be shown again: revoke the license \
            and issue another.
            """)

    @Option(help: "pro or enterprise.")
    var tier: IssuedTier

    @Option(help: "How many gateways may use it at once, 1 to 100000.")
    var seats: Int

    @Option(help: "For how many days; without it there is no end.")
    var days: Int?

    @Option(help: "Whose it is, for the list.")
    var name: String = ""

    @Option(help: "Backend servers that a gateway may have; without it as many as the tier allows.")
    var backends: Int?

    @Option(help: "Agents that a gateway may have; without it as many as the tier allows.")
    var agents: Int?

    @OptionGroup var options: AuthorityOptions

    func validate() throws {
        guard tier.tier != .free else { throw ValidationError("--tier is pro or enterprise; Free needs no license.") }
        guard (1...100_000).contains(seats) else { throw ValidationError("--seats is a number from 1 to 100000.") }
        guard days.map((1...36_525).contains) ?? true else {
            throw ValidationError("--days is a number from 1 to 36525.")
        }
        for (name, number) in [("--backends", backends), ("--agents", agents)] {
            guard number.map((1...1_000_000).contains) ?? true else {
                throw ValidationError("\(name) is a number from 1 to 1000000.")
            }
        }
        guard name.utf8.count <= 200 else { throw ValidationError("--name has 200 bytes at most.") }
    }

    func run() throws {
        let now = AuthorityOptions.now
        let terms = Authority.Terms(
            tier: tier.tier, seats: seats, limits: LicenseLimits(backends: backends, agents: agents),
            expiresAt: days.map { now + $0 * 86_400 }, name: name)
        let (license, key) = try options.with { authority throws(AuthorityError) in
            var random = SystemRandomNumberGenerator()
            return try authority.issue(terms, now: now, using: &random)
        }
        if options.json {
            var object = license.shown.objectValue ?? JSONObject()
            object["key"] = .string(key.exposed)
            return Console.print(json: JSONValue.object(object).bytes)
        }
        Console.print(key.exposed)
        Console.complain(
            "License \(license.id): \(license.tier.title), \(Spoken.count(seats, "seat"))"
                + "\(license.expiresAt.map { ", until \(AuthorityOptions.day($0))" } ?? ""). Its key is shown this once."
        )
    }
}

/// A tier by its name.
struct IssuedTier: ExpressibleByArgument {
    let tier: Tier

    init?(argument: String) {
        guard let tier = Tier(rawValue: argument) else { return nil }
        self.tier = tier
    }
}

extension License {
    /// As `--json` shows it. Times are seconds since 1970.
    var shown: JSONValue {
        var object = JSONObject([
            ("license_id", .string(id)), ("name", .string(name)), ("tier", .string(tier.rawValue)),
            ("seats", .init(seats)), ("issued_at", .init(issuedAt)),
        ])
        if let expiresAt { object["expires_at"] = .init(expiresAt) }
        if let backends = limits.backends { object["backends"] = .init(backends) }
        if let agents = limits.agents { object["agents"] = .init(agents) }
        object["revoked"] = .init(isRevoked)
        if let order {
            object["order"] = [
                "kind": .string(order.kind.rawValue), "id": .string(order.id),
                "reason_code": .string(order.reasonCode), "ordered_at": .init(order.orderedAt),
                "effective_at": .init(order.effectiveAt),
            ]
        }
        return .object(object)
    }
}
