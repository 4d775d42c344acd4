import GateTestKit
import Testing

@testable import GateAuthority

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct AuthorityFolderTests {
    private func problem(_ body: () throws -> Void) -> AuthorityError? {
        do {
            try body()
            return nil
        } catch { return error as? AuthorityError }
    }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    private func setMode(_ path: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func filesAreTheOwnersAlone() throws {
        let rig = try AuthorityRig()
        #expect(mode(rig.path) == 0o700)
        for name in try FileManager.default.contentsOfDirectory(atPath: rig.path) {
            #expect(mode(rig.path + "/" + name) == 0o600, "\(name)")
        }
        try setMode(rig.path, 0o750)
        let open = problem { _ = try Authority(at: rig.path) }
        #expect(open?.description.contains("chmod 700") == true)
        try setMode(rig.path, 0o700)
        try setMode(rig.path + "/keys.json", 0o640)
        let readable = problem { _ = try Authority(at: rig.path) }
        #expect(readable?.description.contains("chmod 600") == true)
    }

    @Test func thereIsOneAuthorityInADirectory() throws {
        let rig = try AuthorityRig()
        let before = try rig.authority.trustedKeys()
        let second = problem { _ = try Authority.create(at: rig.path, now: 1, using: &rig.random) }
        #expect(second?.kind == .conflict)
        #expect(try rig.authority.trustedKeys() == before)
        let none = problem { _ = try Authority(at: rig.directory.file("nothing")) }
        #expect(none?.description.contains("stonegate authority init") == true)
    }

    @Test func damagedFilesAreErrorsAndStayAsTheyAre() throws {
        let rig = try AuthorityRig()
        rig.authority.close()
        let keys = rig.path + "/keys.json"
        let good = try #require(FileManager.default.contents(atPath: keys))
        for bad in [Data(), good.prefix(40), Data("{\"v\":2}".utf8), good.map { $0 == 0x61 ? 0x7A : $0 }.asData] {
            try bad.write(to: URL(filePath: keys))
            try setMode(keys, 0o600)
            let damaged = problem { _ = try Authority(at: rig.path) }
            #expect(damaged?.kind == .directory)
            #expect(FileManager.default.contents(atPath: keys) == bad)
        }
        try good.write(to: URL(filePath: keys))
        try setMode(keys, 0o600)
        _ = try Authority(at: rig.path)
        let database = rig.path + "/authority.db"
        try Data(repeating: 0x41, count: 8_192).write(to: URL(filePath: database))
        let damaged = problem { _ = try Authority(at: rig.path) }
        #expect(damaged?.kind == .storage)
        #expect(damaged?.description.contains("Put back a copy") == true)
        #expect(FileManager.default.contents(atPath: database)?.count == 8_192)
    }
}

extension Sequence<UInt8> {
    fileprivate var asData: Data { Data(self) }
}
