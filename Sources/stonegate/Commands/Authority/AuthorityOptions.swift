import ArgumentParser
import GateAuthority
import GateProtocol
import GateServer
import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Which authority, and how it is spoken of.
struct AuthorityOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The authority's directory. (~/.stonegate/authority)", valueName: "path"),
        completion: .directory)
    var dir: String?

    @Flag(help: "Print JSON.")
    var json = false

    var path: String {
        let home = ProcessInfo.processInfo.environment["HOME"] ?? ""
        let path = dir ?? home + "/.stonegate/authority"
        return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Does something with the authority; what goes wrong ends the command, in words.
    func with<Value>(_ body: (Authority) throws(AuthorityError) -> Value) throws -> Value {
        try words { () throws(AuthorityError) -> Value in
            let authority = try Authority(at: path)
            defer { authority.close() }
            return try body(authority)
        }
    }

    func words<Value>(_ body: () throws(AuthorityError) -> Value) throws -> Value {
        do throws(AuthorityError) {
            return try body()
        } catch {
            if json {
                Console.print(json: (["error": .string(error.description)] as JSONValue).bytes)
            } else {
                Terminal.error(SafeText.line(error.description))
            }
            throw ExitCode(error.kind == .storage ? 74 : 1)
        }
    }

    static var now: Int { WallClock.milliseconds() / 1_000 }

    /// A moment as people read it.
    static func text(_ seconds: Int) -> String {
        String(WallClock.text(seconds * 1_000).prefix(16)).replacing("T", with: " ")
    }

    static func day(_ seconds: Int) -> String { String(text(seconds).prefix(10)) }
}

/// A license, named by its id or its key.
struct LicenseArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The license: its id, its key, or - to read either from standard input, which keeps a key out of the list of processes.",
            valueName: "license"))
    var license: String

    func reference() throws -> LicenseReference {
        guard license == "-" else { return LicenseReference(license) }
        guard let input = Console.readAll(limit: 1_024) else {
            throw ValidationError("There is more on standard input than a license.")
        }
        let text = String(String(decoding: input, as: UTF8.self).filter { !$0.isWhitespace })
        guard !text.isEmpty else { throw ValidationError("There is nothing on standard input.") }
        return LicenseReference(text)
    }
}
