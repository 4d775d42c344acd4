import GateBackend
import NIOCore

enum LinesFuzz {
    private static let limit = 64

    static func check(_ input: [UInt8]) -> String? {
        let whole = lines([input[...]])
        let cut = lines(Array(Cuts(input)))
        guard whole == cut else { return "the cut decides the lines" }
        let expected = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
            .filter { $0.count <= limit }
            .map { Array($0.last == 0x0D ? $0.dropLast() : $0) }
            .filter { !$0.isEmpty }
        guard whole == expected else { return "other lines than there are" }
        return nil
    }

    private static func lines(_ pieces: [ArraySlice<UInt8>]) -> [[UInt8]] {
        // The limit for what is skipped is out of reach: how much of an endless line has come depends on the cut.
        var framer = LineFramer(limit: limit, skipLimit: .max / 2)
        var lines: [[UInt8]] = []
        for piece in pieces {
            _ = framer.feed(ByteBuffer(bytes: piece)) { lines.append(Array(buffer: $0)) }
        }
        return lines
    }
}
