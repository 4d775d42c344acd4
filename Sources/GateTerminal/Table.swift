/// Text in aligned columns.
package struct Table: Sendable {
    package enum Alignment: Sendable {
        case left
        case right
    }

    package struct Column: Sendable {
        let title: String
        let alignment: Alignment
        /// Wider cells are shortened; nil for no limit.
        let limit: Int?

        package init(_ title: String, _ alignment: Alignment = .left, limit: Int? = nil) {
            self.title = title
            self.alignment = alignment
            self.limit = limit
        }
    }

    /// One cell. Its text is made safe here, so no caller can forget to.
    package struct Cell: Sendable, ExpressibleByStringInterpolation {
        let text: String
        let emphasis: Style.Emphasis

        package init(_ text: String, _ emphasis: Style.Emphasis = .plain) {
            self.text = SafeText.line(text)
            self.emphasis = emphasis
        }

        package init(stringLiteral value: String) { self.init(value) }

        package func rendered(_ style: Style) -> String { style.apply(emphasis, text) }
    }

    private let columns: [Column]
    private var rows: [[Cell]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    package mutating func add(_ row: [Cell]) { rows.append(row) }

    /// The lines of the table, with the titles first.
    ///
    /// - Parameter width: columns of the terminal; the last column of the table is shortened to fit. nil for no limit.
    package func rendered(width: Int?, style: Style) -> String {
        let titles = columns.map { Cell($0.title, .bold) }
        let all = ([titles] + rows).map { row in
            zip(row, columns).map { cell, column in
                column.limit.map { Cell(cell.text.shortened(to: $0), cell.emphasis) } ?? cell
            }
        }
        let widths = columns.indices.map { index in
            all.map { $0.indices.contains(index) ? $0[index].text.displayWidth : 0 }.max() ?? 0
        }
        let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        return all.map { line($0, widths, room: width.map { max(16, $0 - before) }, style) }.joined(separator: "\n")
    }

    private func line(_ row: [Cell], _ widths: [Int], room: Int?, _ style: Style) -> String {
        var out = ""
        for (index, cell) in row.enumerated() {
            let isLast = index == columns.count - 1
            let text = isLast ? room.map { cell.text.shortened(to: $0) } ?? cell.text : cell.text
            let blanks = String(repeating: " ", count: max(0, widths[index] - text.displayWidth))
            let shown = style.apply(cell.emphasis, text)
            switch columns[index].alignment {
            case .left: out += isLast ? shown : shown + blanks
            case .right: out += blanks + shown
            }
            if !isLast { out += "  " }
        }
        while out.last == " " { out.removeLast() }
        return out
    }
}
