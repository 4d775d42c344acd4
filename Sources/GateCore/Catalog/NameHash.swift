/// A hash that gives the same value in every process and every release. Names that clients have stored contain it, so
/// it must never change; the tests hold its vectors.
///
/// 64-bit FNV-1a, finished with the mixer of MurmurHash3. It is no defence against somebody who looks for
/// collisions: who uses it must cope with one.
package enum NameHash {
    /// The hash of the bytes `server`, 0, `tool`.
    package static func of(server: String, tool: String) -> UInt64 {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in server.utf8 { mix(byte, into: &state) }
        mix(0, into: &state)
        for byte in tool.utf8 { mix(byte, into: &state) }
        return finish(state)
    }

    private static func mix(_ byte: UInt8, into state: inout UInt64) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    private static func finish(_ state: UInt64) -> UInt64 {
        var value = state
        value ^= value &>> 33
        value &*= 0xFF51_AFD7_ED55_8CCD
        value ^= value &>> 33
        value &*= 0xC4CE_B9FE_1A85_EC53
        value ^= value &>> 33
        return value
    }

    /// Number of characters that ``suffix(_:)`` gives.
    package static let suffixLength = 8

    /// The low 40 bits as eight characters of `a-z2-7` (RFC 4648 base 32 in lower case).
    package static func suffix(_ hash: UInt64) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(suffixLength)
        for position in (0..<suffixLength).reversed() {
            let digit = UInt8(truncatingIfNeeded: hash &>> UInt64(position * 5)) & 31
            bytes.append(digit < 26 ? 0x61 + digit : 0x32 + digit - 26)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
