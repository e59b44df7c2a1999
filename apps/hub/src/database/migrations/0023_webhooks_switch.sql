-- Room catalog: features.webhooksEnabled counts from now on, and is on unless somebody switches it off. Until now it was stored as off by
-- default and asked by nobody, so no stored value is anybody's decision, and what was taken in before is taken in still.

-- The owner is bound by row-level security too where it is forced, and no policy is the owner's.
ALTER TABLE inthub.integrations NO FORCE ROW LEVEL SECURITY;
UPDATE inthub.integrations SET features = jsonb_set(features, '{webhooksEnabled}', 'true');
ALTER TABLE inthub.integrations FORCE ROW LEVEL SECURITY;
