import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What stdout and stderr can show.
enum Screen {
    static let style = Style(isTerminal: Console.isTerminal, environment: ProcessInfo.processInfo.environment)
    static let errorStyle = Style(
        isTerminal: Console.errorsAreTerminal, environment: ProcessInfo.processInfo.environment)

    static func print(_ table: Table) { Console.print(table.rendered(width: Console.width, style: style)) }

    /// `label  value` lines.
    static func print(_ pairs: [(String, Table.Cell)]) {
        let width = pairs.map { $0.0.displayWidth }.max() ?? 0
        for (label, cell) in pairs {
            let blanks = String(repeating: " ", count: width - label.displayWidth)
            Console.print("\(style.apply(.dim, label))\(blanks)  \(cell.rendered(style))")
        }
    }
}
