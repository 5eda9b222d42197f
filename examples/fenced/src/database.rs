//! The database: one account, whose row has a fence beside its balance.

use std::{path::Path, time::Duration};

use ember::Fence;
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

use crate::ledger::Refused;

/// The account of this example.
const ACCOUNT: &str = "till";

pub(crate) struct Database(Connection);

/// What the database says at the end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) payments: i64,
    pub(crate) paid: i64,
    pub(crate) balance: i64,
}

impl Database {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        Ok(Self(connection))
    }

    /// Once, before anybody else opens it.
    pub(crate) fn create(&self) -> rusqlite::Result<()> {
        self.0.execute_batch(
            "CREATE TABLE account (id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, balance INTEGER NOT NULL);
             CREATE TABLE payment (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, epoch INTEGER NOT NULL);",
        )?;
        self.0.execute("INSERT INTO account VALUES (?1, 0, 0)", params![ACCOUNT]).map(drop)
    }

    /// The balance, for a new master. The same statement raises the fence: nothing that an earlier master writes comes in between, or
    /// later.
    pub(crate) fn load(&self, fence: &Fence) -> Result<i64, Refused> {
        let raise = "UPDATE account SET epoch = ?1 WHERE id = ?2 AND epoch <= ?1 RETURNING balance";
        let balance = self.0.query_row(raise, params![fence.number(), ACCOUNT], |row| row.get(0)).optional()?;
        balance.ok_or_else(|| Self::why(&self.0))
    }

    /// Writes the balance, and the payment that makes it; `false` if this payment was written before. The write checks the fence.
    pub(crate) fn pay(&mut self, fence: &Fence, id: i64, amount: i64, balance: i64) -> Result<bool, Refused> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let check = "UPDATE account SET balance = ?1 WHERE id = ?2 AND epoch = ?3";
        if transaction.execute(check, params![balance, ACCOUNT, fence.number()])? == 0 {
            return Err(Self::why(&transaction));
        }
        let note = "INSERT INTO payment (id, amount, epoch) VALUES (?1, ?2, ?3)";
        match transaction.execute(note, params![id, amount, fence.number()]) {
            Ok(_) => transaction.commit().map(|()| true).map_err(Refused::from),
            // Dropped, the transaction takes the balance back too.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Zero rows were changed: because there is no such account, or because a later master has raised the fence?
    fn why(connection: &Connection) -> Refused {
        let fence = "SELECT epoch FROM account WHERE id = ?1";
        match connection.query_row(fence, params![ACCOUNT], |row| row.get(0)).optional() {
            Ok(Some(epoch)) => Refused::Fenced { epoch },
            Ok(None) => Refused::NoAccount,
            Err(error) => error.into(),
        }
    }

    /// Whether a payment is written: what became of a call that *may* have run.
    pub(crate) fn knows(&self, id: i64) -> rusqlite::Result<bool> {
        let find = "SELECT 1 FROM payment WHERE id = ?1";
        Ok(self.0.query_row(find, params![id], |_| Ok(())).optional()?.is_some())
    }

    pub(crate) fn sum(&self) -> rusqlite::Result<Sum> {
        let sum = "SELECT (SELECT count(*) FROM payment), (SELECT sum(amount) FROM payment), balance FROM account WHERE id = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok(Sum { payments: row.get(0)?, paid: row.get(1)?, balance: row.get(2)? });
        self.0.query_row(sum, params![ACCOUNT], read)
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}
