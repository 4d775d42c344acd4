import GateTestKit
import Testing

@testable import GateServer

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct AdminTokenTests {
    private static let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    @Test func isMadeForItsOwnerAloneAndKept() throws {
        let data = try TemporaryDirectory()
        let path = data.file("a/b")
        let first = try AdminToken.load(directory: StateDirectory(path: path))
        #expect(first.path == "\(path)/admin.token")
        #expect(try mode(first.path) == 0o600)
        #expect(try mode(path) == 0o700)
        #expect(try mode(data.file("a")) == 0o700)
        let text = try #require(data.read("a/b/admin.token"))
        #expect(text.hasPrefix("sg_admin_"))
        #expect(text.hasSuffix("\n"))
        let symbols = text.dropFirst(9).dropLast()
        // 43 symbols of base64url are 32 bytes.
        #expect(symbols.utf8.count == 43)
        #expect(symbols.utf8.allSatisfy(AdminTokenTests.alphabet.contains))
        let again = try AdminToken.load(directory: StateDirectory(path: path))
        #expect(again.matches(authorization: Array("Bearer \(text.dropLast())".utf8)[...]))
        #expect(data.read("a/b/admin.token") == text)
    }

    @Test func noTwoAreAlike() throws {
        var seen: Set<String> = []
        var symbols: [Int: Set<UInt8>] = [:]
        for _ in 0..<300 {
            let data = try TemporaryDirectory()
            _ = try AdminToken.load(directory: StateDirectory(path: data.path))
            let text = try #require(data.read(AdminToken.fileName))
            #expect(seen.insert(text).inserted)
            for (place, symbol) in text.utf8.dropFirst(9).prefix(43).enumerated() {
                symbols[place, default: []].insert(symbol)
            }
        }
        // Of 64 symbols 300 draws leave hardly any out; the last place holds four bits.
        for (place, seen) in symbols { #expect(seen.count > (place == 42 ? 12 : 48), "place \(place)") }
    }

    /// Whatever is in the file, the gateway does not start with it, and says what to do.
    @Test func aFileThatCannotBeTrustedIsRefused() throws {
        let good = "sg_admin_\(String(repeating: "A", count: 43))"
        let contents: [(String, mode_t, String?)] = [
            ("\(good)\n", 0o600, nil), (good, 0o400, nil), ("\(good)\r\n", 0o600, nil),
            ("\(good)\n", 0o640, "chmod 600"), ("\(good)\n", 0o604, "chmod 600"), ("\(good)\n", 0o660, "chmod 600"),
            ("\(good)\n", 0o601, "chmod 600"), ("", 0o600, "Remove it"), ("\n", 0o600, "Remove it"),
            ("secret\n", 0o600, "Remove it"), ("\(good)A\n", 0o600, "Remove it"),
            ("\(good.dropLast())\n", 0o600, "Remove it"), (" \(good)\n", 0o600, "Remove it"),
            ("\(good.dropLast())/\n", 0o600, "Remove it"), ("\(good.dropLast())\u{1}\n", 0o600, "Remove it"),
            ("SG_ADMIN_\(good.dropFirst(9))\n", 0o600, "Remove it"), ("\(good.dropLast(2))é\n", 0o600, "Remove it"),
        ]
        for (content, mode, advice) in contents {
            let data = try TemporaryDirectory()
            let path = try data.write(content, to: AdminToken.fileName)
            chmod(path, mode)
            try expect(data, advice, "\(content.debugDescription) \(String(mode, radix: 8))")
            #expect(data.read(AdminToken.fileName) == content, "it is never replaced behind the operator's back")
        }
    }

    @Test func aLinkOrADirectoryIsNoToken() throws {
        let data = try TemporaryDirectory()
        let elsewhere = try TemporaryDirectory()
        let target = try elsewhere.write("sg_admin_\(String(repeating: "A", count: 43))\n", to: "token")
        chmod(target, 0o600)
        symlink(target, data.file(AdminToken.fileName))
        try expect(data, "Remove it", "a link")
        unlink(data.file(AdminToken.fileName))
        symlink(elsewhere.file("nothing"), data.file(AdminToken.fileName))
        try expect(data, "Remove it", "a link to nothing")
        #expect(elsewhere.read("nothing") == nil)
        unlink(data.file(AdminToken.fileName))
        mkdir(data.file(AdminToken.fileName), 0o700)
        try expect(data, "Remove it", "a directory")
        rmdir(data.file(AdminToken.fileName))
        mkfifo(data.file(AdminToken.fileName), 0o600)
        try expect(data, "Remove it", "a pipe")
    }

    private func expect(_ data: TemporaryDirectory, _ advice: String?, _ what: String) throws {
        let directory = try StateDirectory(path: data.path)
        do throws(StateDirectoryError) {
            _ = try AdminToken.load(directory: directory)
            #expect(advice == nil, "\(what)")
        } catch {
            #expect(advice.map(error.description.contains) == true, "\(what): \(error)")
            #expect(error.description.contains(data.file(AdminToken.fileName)))
            #expect(!error.description.contains("AAAAAA"), "the token is not shown")
            #expect(!error.isBusy)
        }
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o777
    }
}
