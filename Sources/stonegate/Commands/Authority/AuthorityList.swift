import ArgumentParser
import GateAuthority
import GateCore
import GateProtocol
import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct AuthorityList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows the licenses, and with --json the gateways that use them.")

    @OptionGroup var options: AuthorityOptions

    func run() throws {
        let all = try options.with { authority throws(AuthorityError) in try authority.licenses() }
        if options.json {
            let list = all.map { license, seats -> JSONValue in
                var object = license.shown.objectValue ?? JSONObject()
                object["instances"] = .array(seats.map(\.shown))
                return .object(object)
            }
            return Console.print(json: (["licenses": .array(list)] as JSONValue).bytes)
        }
        guard !all.isEmpty else {
            return Console.print("There is no license. Issue one with: stonegate authority issue --tier pro --seats 1")
        }
        let now = AuthorityOptions.now
        var table = Table([
            .init("LICENSE"), .init("TIER"), .init("SEATS"), .init("UNTIL"), .init("STATE"), .init("NAME"),
        ])
        for (license, seats) in all {
            table.add([
                .init(license.id), .init(license.tier.title), .init("\(seats.count)/\(license.seats)"),
                .init(license.expiresAt.map(AuthorityOptions.day) ?? "no end"),
                .init(AuthorityList.state(license, now)), .init(license.name),
            ])
        }
        Console.print(
            table.rendered(
                width: Console.width,
                style: Style(isTerminal: Console.isTerminal, environment: ProcessInfo.processInfo.environment)))
    }

    private static func state(_ license: License, _ now: Int) -> String {
        if license.isRevoked, let order = license.order {
            let when = order.effectiveAt > now ? "ends \(AuthorityOptions.text(order.effectiveAt))" : "revoked"
            return "\(when) (\(order.reasonCode))"
        }
        return license.isExpired(at: now) ? "expired" : "good"
    }
}

extension Seat {
    var shown: JSONValue {
        [
            "instance_id": .string(instanceID), "activated_at": .init(activatedAt), "seen_at": .init(seenAt),
            "version": .string(version),
            "counters": .object(JSONObject(counters.sorted { $0.key < $1.key }.map { ($0.key, .init($0.value)) })),
        ]
    }
}

struct AuthorityJournal: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Shows what was done with licenses and keys, oldest first.",
        discussion: "The journal only grows: the database refuses to change or take out a line of it.")

    @Option(help: "How many of the newest lines, 1 to 100000.")
    var limit = 100

    @OptionGroup var options: AuthorityOptions

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 100000.") }
    }

    func run() throws {
        let entries = try options.with { authority throws(AuthorityError) in try authority.journal(limit: limit) }
        if options.json {
            let list = entries.map { entry -> JSONValue in
                var object = JSONObject([
                    ("number", .init(entry.number)), ("at", .init(entry.at)), ("event", .string(entry.event)),
                ])
                if let license = entry.licenseID { object["license_id"] = .string(license) }
                if let instance = entry.instanceID { object["instance_id"] = .string(instance) }
                if !entry.detail.isEmpty { object["detail"] = .string(entry.detail) }
                return .object(object)
            }
            return Console.print(json: (["journal": .array(list)] as JSONValue).bytes)
        }
        for entry in entries {
            let parts = [
                AuthorityOptions.text(entry.at), entry.event, entry.licenseID, entry.instanceID, entry.detail,
            ]
            Console.print(
                parts.compactMap { $0 }.filter { !$0.isEmpty }.map { SafeText.line($0) }.joined(separator: "  "))
        }
    }
}
